"""Shapley values of trees and of any model."""
